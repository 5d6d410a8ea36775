const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Characters that XML 1.0 forbids even as references; built from codes, since a literal one in source is unreadable. */
const FORBIDDEN = new RegExp(
  `[${['\\u0000-\\u0008', '\\u000b', '\\u000c', '\\u000e-\\u001f', '\\ufffe\\uffff'].join('')}]`,
  'g',
)

/** Text that is safe in HTML and XML, in content and in quoted attributes; characters that XML forbids become `�`. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, character => ESCAPES[character]!).replace(FORBIDDEN, '\ufffd')
}
