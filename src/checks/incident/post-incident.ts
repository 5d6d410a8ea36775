import { join } from 'node:path'
import { type Closing, POST_INCIDENT, postIncident } from '../../incident/close.ts'
import { inCode, inMarkdown } from '../../incident/plain.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'

interface Observed {
  readonly closing: Closing
  readonly written: Partial<Closing>
  readonly text: string
}

/** Command lines stand there as code. */
const pageOf = (list: (typeof LISTS)[number]) => (list === 'regression' ? inCode : inMarkdown)

const LISTS = ['contained', 'rotated', 'revoked', 'restored', 'open', 'regression'] as const

/** The list is written, and has everything that the run knows of: read back from the files. */
export const postIncidentWritten = defineCheck<Observed>({
  id: 'post-incident-written',
  title:
    'The post-incident list has everything that was rotated, revoked, put back or left open, and what to run from now on',

  async probe({ values, tools }) {
    const { directory, closing } = values.get(postIncident)
    return {
      closing,
      written: (await tools.files.readJson(join(directory, POST_INCIDENT.json))) as unknown as Partial<Closing>,
      text: await tools.files.readText(join(directory, POST_INCIDENT.text)),
    }
  },

  judge({ closing, written, text }) {
    for (const list of LISTS) {
      const wanted = closing[list] ?? []
      if (JSON.stringify(written[list]) !== JSON.stringify(wanted))
        return failed(`${list} is not what the run knows of`, {
          expected: wanted.length,
          actual: written[list]?.length ?? null,
        })
      const lines = wanted.map(one => pageOf(list)(typeof one === 'string' ? one : one.what))
      const unsaid = lines.find(line => !text.includes(line))
      if (unsaid !== undefined) return failed(`the page for people leaves out: ${unsaid}`)
    }
    if (closing.regression.length === 0) return failed('it names no command that would find this incident next time')
    const stranger = closing.regression.find(
      line => !/^(bin\/)?runproof (run|smoke|slo|nginx|sse|tls|docs) /.test(line),
    )
    if (stranger !== undefined) return failed(`this is no command of runproof: ${stranger}`)
    return passed({ actual: Object.fromEntries(LISTS.map(list => [list, closing[list]?.length ?? 0])) })
  },

  counterproofs: [
    {
      id: 'left-out',
      breaks: 'what is to be run from now on is left out of the file',
      because: /regression is not what/,
      observation: observed => ({ ...observed, written: { ...observed.written, regression: [] } }),
    },
    {
      id: 'no-regression',
      breaks: 'there is nothing to be run from now on',
      because: /names no command/,
      observation: ({ closing, written, text }) => ({
        closing: { ...closing, regression: [] },
        written: { ...written, regression: [] },
        text,
      }),
    },
    {
      id: 'page-cut',
      breaks: 'the page for people ends after its title, in a copy',
      because: /page for people leaves out/,
      subject: async (context, scope) => {
        const { files } = context.tools
        const given = context.values.get(postIncident)
        const directory = join(given.scratchDir, 'post-incident-cut')
        await files.makeDirectory(directory)
        scope.defer(() => files.remove(directory))
        await files.write(
          join(directory, POST_INCIDENT.json),
          await files.readBytes(join(given.directory, POST_INCIDENT.json)),
        )
        await files.write(join(directory, POST_INCIDENT.text), '# Post-incident list\n')
        return changed(context, { values: context.values.with(postIncident, { ...given, directory }) })
      },
    },
  ],
})
