package author

func authorLibrary() library { return library{} }
