"""Rows read from and written to files of doubtful quality.

CSV and its relatives, JSON and Parquet, packed or not.
"""
