"""What does the heavy work of a training: this process (``local``) or a Spark cluster (``spark``)."""
