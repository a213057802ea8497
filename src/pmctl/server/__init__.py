"""pmctl for programs that ask while it runs: each request becomes the calls that the command line makes."""
