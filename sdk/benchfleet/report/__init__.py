"""From results folders to a report: `reading` → `analysis` → `model.Report` → `page`, `markdown`, `csv_file`, JSON, tables."""
