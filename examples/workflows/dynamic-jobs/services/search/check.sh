echo "search is fine"
