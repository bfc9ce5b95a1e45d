// Nothing at all.
int main() {}
