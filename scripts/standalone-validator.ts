import { Ajv2020 } from 'ajv/dist/2020.js'
import standaloneCode from 'ajv/dist/standalone/index.js'
import formats from 'ajv-formats'

export interface SchemaSource {
  /** File name without extension, as `evidence-1`. */
  readonly name: string
  /** A schema object; typebox's carry hidden members, which do not survive being published. */
  readonly schema: object
  /** Type that a valid document has, and the module it comes from as seen from the validator. */
  readonly type: string
  readonly typeModule: string
}

export interface Generated {
  readonly schema: string
  readonly module: string
  readonly declarations: string
}

/**
 * JSON Schema (draft 2020-12) as text, and an ES module whose default export validates against it without a compiler.
 *
 * @throws Error when ajv in strict mode refuses the schema
 */
export function generateValidator({ name, schema, type, typeModule }: SchemaSource): Generated {
  const published = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...JSON.parse(JSON.stringify(schema)) }
  const ajv = new Ajv2020({ strict: true, allErrors: true, code: { source: true, esm: true } })
  formats.default(ajv)
  const code = standaloneCode.default(ajv, ajv.compile(published))
  const note = `// Generated from ${name} by npm run generate.\n`

  return {
    schema: `${JSON.stringify(published, undefined, 2)}\n`,
    module: `${note}${withImports(code)}\n`,
    declarations: [
      note.trimEnd(),
      "import type { ErrorObject } from 'ajv'",
      `import type { ${type} } from '${typeModule}'`,
      '',
      'declare const validate: {',
      `  (document: unknown): document is ${type}`,
      '  errors?: readonly ErrorObject[] | null',
      '}',
      'export default validate',
      '',
    ].join('\n'),
  }
}

/** ajv writes `require()` for its run-time functions even in ES modules (ajv-validator/ajv issue 2209). */
function withImports(code: string): string {
  const specifiers: string[] = []
  const body = code.replace(/\brequire\("([^"]+)"\)/g, (_, specifier: string) => {
    if (!specifiers.includes(specifier)) specifiers.push(specifier)
    return `required${specifiers.indexOf(specifier)}`
  })
  const imports = specifiers.map((one, index) => `import required${index} from '${one}.js'\n`)
  return imports.join('') + body.replace(/^"use strict";\n?/, '')
}
