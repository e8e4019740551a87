"""The demo archive: invented people, customers and documents, shipped with the product."""
