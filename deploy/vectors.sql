-- Done once, when the database is made: a place of its own for the vectors of the knowledge base.
CREATE DATABASE vectors;
