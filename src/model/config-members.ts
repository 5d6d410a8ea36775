/** What `runproof.config.json` may hold at its top; each reader takes its own member and refuses what nobody knows. */
export const CONFIG_MEMBERS: readonly string[] = ['$schema', 'docs', 'policy']
