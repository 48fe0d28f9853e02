echo "billing is fine"
