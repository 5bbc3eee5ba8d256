// oracles
