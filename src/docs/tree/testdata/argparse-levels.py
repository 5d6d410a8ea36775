"""Reads programs as JSON from standard input, builds them with argparse, and prints the help of all their levels as JSON."""
import argparse
import json
import sys


def build(parser, spec, path, levels):
    levels[' '.join(path)] = parser
    for option in spec['options']:
        names = [name for name in (option['short'], option['long']) if name]
        settings = {'help': option['about'], 'required': option['required']}
        kind = option['kind']
        if kind == 'switch':
            settings['action'] = 'store_true'
        if kind == 'many':
            settings['nargs'] = '+'
        if kind == 'maybe':
            settings['nargs'] = '?'
        if option['values'] and kind != 'switch':
            settings['choices'] = option['values']
        parser.add_argument(*names, **settings)
    for arg in spec['args']:
        nargs = {(True, False): None, (False, False): '?', (True, True): '+', (False, True): '*'}[(arg['required'], arg['many'])]
        parser.add_argument(arg['name'], nargs=nargs, help=arg['about'])
    if spec['commands']:
        below = parser.add_subparsers()
        for command in spec['commands']:
            child = below.add_parser(command['name'], aliases=command['aliases'], help=command['about'])
            build(child, command, path + [command['name']], levels)


programs = []
for spec in json.load(sys.stdin):
    levels = {}
    build(argparse.ArgumentParser(prog=spec['name']), spec, [], levels)
    programs.append({path: parser.format_help() for path, parser in levels.items()})
print(json.dumps(programs))
