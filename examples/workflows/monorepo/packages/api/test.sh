echo "api: all tests pass"
