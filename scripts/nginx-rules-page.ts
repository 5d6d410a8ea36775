import { RULES } from '../src/nginx/rules/all.ts'

/** The page of every rule that `runproof nginx check` judges by, from what the rules say of themselves. */
export function nginxRulesPage(): string {
  const rows = RULES.map(
    ({ id, severity, title, why }) => `| \`${id}\` | ${severity} | ${cell(title)} | ${cell(why)} |`,
  )
  return `# Rules for a proxy in front of the daemon

Generated from \`src/nginx/rules/\`; do not edit. Each has a file in [nginx/bad](../nginx/bad) that breaks it and nothing else. How
they are used stands in [edge.md](edge.md).

| rule | level | what holds when it is kept | why |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
