import { type Argument, type Expression, parseSync, type StringLiteral, Visitor } from 'oxc-parser'

export interface Import {
  /** `undefined` when it is computed at run time. */
  readonly specifier: string | undefined
  readonly kind: 'static' | 'dynamic' | 're-export' | 'type' | 'require' | 'resolve'
  readonly line: number
}

/**
 * Everything a module refers to by specifier, in source order: `import` and `export … from` with or without `type`,
 * `import()` as a value and as a type, `require()` (also of `require.resolve`), and `import.meta.resolve()`.
 *
 * `import { type A } from` counts as static: type stripping leaves `import {} from`, which still loads the module.
 *
 * @throws SyntaxError when the source cannot be parsed, naming the file
 */
export function findImports(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source, { lang: /\.[cm]?ts$/.test(file) ? 'ts' : 'js' })
  if (errors[0] !== undefined) throw new SyntaxError(`${file}: ${errors[0].message}`)

  const found: (Omit<Import, 'line'> & { readonly start: number })[] = []
  const add = (kind: Import['kind'], start: number, source: Expression | Argument | StringLiteral | undefined) =>
    found.push({ kind, start, specifier: literal(source) })

  new Visitor({
    ImportDeclaration: node => add(node.importKind === 'type' ? 'type' : 'static', node.start, node.source),
    ExportAllDeclaration: node => add(node.exportKind === 'type' ? 'type' : 're-export', node.start, node.source),
    ExportNamedDeclaration(node) {
      if (node.source !== null) add(node.exportKind === 'type' ? 'type' : 're-export', node.start, node.source)
    },
    ImportExpression: node => add('dynamic', node.start, node.source),
    TSImportType: node => add('type', node.start, node.source),
    CallExpression({ callee, arguments: [first], start }) {
      if (callee.type === 'Identifier' && callee.name === 'require') add('require', start, first)
      if (callee.type !== 'MemberExpression' || callee.computed || callee.property.name !== 'resolve') return
      if (callee.object.type === 'MetaProperty') add('resolve', start, first)
      if (callee.object.type === 'Identifier' && callee.object.name === 'require') add('resolve', start, first)
    },
  }).visit(program)

  return found
    .sort((a, b) => a.start - b.start)
    .map(({ start, ...rest }) => ({ ...rest, line: source.slice(0, start).split('\n').length }))
}

function literal(node: Expression | Argument | StringLiteral | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined
  return undefined
}
