import { Ajv } from 'ajv'

const text = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: { text: { type: 'string', minLength: 1 } },
}
const level = { enum: ['none', 'note', 'warning', 'error'] }
const count = { type: 'integer', minimum: 1 }
const extent = { startLine: count, startColumn: count, endLine: count, endColumn: count }
const artifactLocation = {
  type: 'object',
  required: ['uri'],
  additionalProperties: false,
  properties: { uri: { type: 'string', pattern: '^[^ ?#\\\\]+$' } },
}

/** Those parts of the standard's schema that we write, with its names, types and enumerations, and nothing besides. */
const SCHEMA = {
  type: 'object',
  required: ['version', 'runs'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string', pattern: '^https://.*sarif.*2\\.1\\.0.*\\.json$' },
    version: { const: '2.1.0' },
    runs: { type: 'array', minItems: 1, items: { $ref: '#/definitions/run' } },
  },
  definitions: {
    run: {
      type: 'object',
      required: ['tool', 'results'],
      additionalProperties: false,
      properties: {
        tool: {
          type: 'object',
          required: ['driver'],
          additionalProperties: false,
          properties: {
            driver: {
              type: 'object',
              required: ['name'],
              additionalProperties: false,
              properties: {
                name: { type: 'string' },
                semanticVersion: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$' },
                rules: { type: 'array', uniqueItems: true, items: { $ref: '#/definitions/rule' } },
              },
            },
          },
        },
        columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
        invocations: {
          type: 'array',
          items: {
            type: 'object',
            required: ['executionSuccessful'],
            additionalProperties: false,
            properties: { executionSuccessful: { type: 'boolean' }, exitCode: { type: 'integer' } },
          },
        },
        results: { type: 'array', items: { $ref: '#/definitions/result' } },
      },
    },
    rule: {
      type: 'object',
      required: ['id', 'shortDescription', 'fullDescription', 'help', 'defaultConfiguration'],
      additionalProperties: false,
      properties: {
        id: { type: 'string' },
        name: { type: 'string', pattern: '^[A-Za-z0-9]+$' },
        shortDescription: text,
        fullDescription: text,
        help: text,
        defaultConfiguration: {
          type: 'object',
          required: ['level'],
          additionalProperties: false,
          properties: { level },
        },
      },
    },
    fix: {
      type: 'object',
      required: ['description', 'artifactChanges'],
      additionalProperties: false,
      properties: {
        description: text,
        artifactChanges: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            required: ['artifactLocation', 'replacements'],
            additionalProperties: false,
            properties: {
              artifactLocation,
              replacements: {
                type: 'array',
                minItems: 1,
                items: {
                  type: 'object',
                  required: ['deletedRegion'],
                  additionalProperties: false,
                  properties: {
                    deletedRegion: {
                      type: 'object',
                      required: ['startLine', 'startColumn', 'endLine', 'endColumn'],
                      additionalProperties: false,
                      properties: extent,
                    },
                    insertedContent: text,
                  },
                },
              },
            },
          },
        },
      },
    },
    result: {
      type: 'object',
      required: ['ruleId', 'ruleIndex', 'level', 'message', 'locations'],
      additionalProperties: false,
      properties: {
        ruleId: { type: 'string' },
        ruleIndex: { type: 'integer', minimum: 0 },
        level,
        message: text,
        locations: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            required: ['physicalLocation'],
            additionalProperties: false,
            properties: {
              physicalLocation: {
                type: 'object',
                required: ['artifactLocation', 'region'],
                additionalProperties: false,
                properties: {
                  artifactLocation,
                  region: {
                    type: 'object',
                    required: ['startLine', 'startColumn'],
                    additionalProperties: false,
                    properties: { ...extent, snippet: text },
                  },
                },
              },
            },
          },
        },
        fixes: { type: 'array', minItems: 1, items: { $ref: '#/definitions/fix' } },
        partialFingerprints: { type: 'object', additionalProperties: { type: 'string' } },
        suppressions: {
          type: 'array',
          uniqueItems: true,
          items: {
            type: 'object',
            required: ['kind'],
            additionalProperties: false,
            properties: {
              kind: { enum: ['inSource', 'external'] },
              status: { enum: ['accepted', 'underReview', 'rejected'] },
              justification: { type: 'string' },
            },
          },
        },
      },
    },
  },
}

interface Run {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
  readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number }[]
}

/**
 * What is wrong with a log by SARIF 2.1.0, as far as we write it.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifProblems(log: unknown): readonly string[] {
  const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(SCHEMA)
  if (!validate(log)) return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  return (log as { runs: readonly Run[] }).runs.flatMap(({ tool, results }) => [
    ...results
      .filter(({ ruleId, ruleIndex }) => tool.driver.rules[ruleIndex]?.id !== ruleId)
      .map(({ ruleId, ruleIndex }) => `ruleIndex ${ruleIndex} is not that of ${ruleId}`),
    ...(new Set(tool.driver.rules.map(({ id }) => id)).size === tool.driver.rules.length
      ? []
      : ['a rule is there twice']),
  ])
}
