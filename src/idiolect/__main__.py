from idiolect.cli import main

main()
