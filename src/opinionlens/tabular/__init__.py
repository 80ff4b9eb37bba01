"""Rows from and to files of doubtful quality: CSV and its relatives, JSON, Parquet, packed or not."""
