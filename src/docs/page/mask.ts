/** What MDX reads as JSX or as an expression and is neither: on one line and short, with nothing in it that ends code. */
const COMMENT = /<!--[\s\S]*?-->/g
const ANGLES = /<[^<>{}`"'\r\n]{1,80}>/g
const TAG = /^<(?:\/?[A-Za-z_$][\w$.:-]*|[A-Za-z_$][\w$.:-]*(?:\s+[A-Za-z_$][\w$:-]*)*\s*\/?)\s*>$/
const BRACES = /(?<![=$`])\{(?!\/\*|\.\.\.[A-Za-z_$])[^{}`\r\n]{0,80}\}/g
const LONE_ANGLE = /<(?![A-Za-z_$/>\s])/g
const MODULE_LINE = /^(?:import|export)\b/

/**
 * MDX in which placeholders of prose (`<run id>`, `{run id}`), comments of HTML and ids of headings (`{#id}`) have become
 * words of the same length: the parser then sees text, and every offset stays what it was. It is for parsing alone; text
 * is taken from the page as it is.
 */
export function masked(source: string): string {
  const blind = (whole: string) => whole.replace(/[^\r\n]/g, 'x')
  return source
    .replace(COMMENT, blind)
    .split('\n')
    .map(line =>
      MODULE_LINE.test(line)
        ? line
        : line
            .replace(ANGLES, whole => (TAG.test(whole) ? whole : blind(whole)))
            .replace(BRACES, blind)
            .replace(LONE_ANGLE, blind),
    )
    .join('\n')
}
