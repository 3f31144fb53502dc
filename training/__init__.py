"""The offline pipeline: raw files in, a trained artifact out."""
