"""Prints the help of all levels of a program in which every shape of an option and an argument occurs once."""
import argparse
import json

keep = argparse.ArgumentParser(prog='keep', description='Keeps things: all of them')
keep.add_argument('--version', action='version', version='keep 1.2.3')
keep.add_argument('-v', '--verbose', action='count', help='say more')
keep.add_argument('--level', '-l', choices=['low', 'high'], required=True, help='how much, which is said so that it is wrapped')
keep.add_argument('--hidden', help=argparse.SUPPRESS)
commands = keep.add_subparsers(dest='command', metavar='COMMAND', title='sub commands', description='what it does')

put = commands.add_parser('put', aliases=['add', 'new'], help='store it')
put.add_argument('files', nargs='+')
put.add_argument('--point', nargs=2, metavar=('X', 'Y'))
how = put.add_mutually_exclusive_group(required=True)
how.add_argument('--stdin', action='store_true')
how.add_argument('--value', metavar='V')
put.add_argument('--names', nargs='*', required=True, help='--stdin is not read then')
put.add_argument('--tag', nargs='+', required=True)
network = put.add_argument_group('network', 'where it goes')
network.add_argument('--port', type=int)

get = commands.add_parser('get', help='100%% of it')
get.add_argument('kind', choices=['s', 'm'])
get.add_argument('what', nargs='?')
get.add_argument('rest', nargs=argparse.REMAINDER)
get.add_argument('--color', action=argparse.BooleanOptionalAction)
get.add_argument('-f', '--format', nargs='?', const='j', choices=['j', 'k'])
which = get.add_mutually_exclusive_group()
which.add_argument('--all', '-a', action='store_true')
which.add_argument('--none', action='store_true')

nest = commands.add_parser('nest')
inner = nest.add_subparsers()
one = inner.add_parser('one')
inner.add_parser('two', help='the second')

own = commands.add_parser('own', usage='keep own FILE, or so', help='its own usage')
own.add_argument('file')

levels = {'': keep, 'put': put, 'get': get, 'nest': nest, 'nest one': one, 'own': own}
print(json.dumps({path: level.format_help() for path, level in levels.items()}))
