process.stdout.write('loaded, and that was all\n')
