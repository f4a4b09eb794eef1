"""What is bought together: pairs counted in SQL, and the rules read from the counts."""
