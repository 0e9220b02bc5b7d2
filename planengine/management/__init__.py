"""Commands for operators: thin, like views. They parse, call one domain function and print."""
