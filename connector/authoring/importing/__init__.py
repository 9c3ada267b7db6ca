"""Import of API descriptions: OpenAPI 3.0, 3.1 and Swagger 2.0 become the folder of a connector."""
