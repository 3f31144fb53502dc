"""Raw files in, validated arrays out: sources, mapping, rejects, returns, context tables."""
