-- Beside the read model (POSTGRES_DB): the ledger of the simulated chain.
create database chain;
