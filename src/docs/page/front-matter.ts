import { parse } from 'yaml'

/** Programs that a page declares: `programs: [a, b]` or `program: a`. What is no list of names declares none. */
export function declaredPrograms(frontMatter: string): string[] {
  if (!/^programs?\s*:/m.test(frontMatter)) return []
  try {
    const { program, programs } = parse(frontMatter, { logLevel: 'silent' }) as Record<string, unknown>
    return [program, programs].flat().filter(name => typeof name === 'string' && name !== '') as string[]
  } catch {
    return []
  }
}
