module taskleak/peers

go 1.19
