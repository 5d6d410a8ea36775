/** Whether `ngx_inet_addr` reads it: an empty part is 0, and the last address of all is its sign of failure. */
export function isIPv4(text: string): boolean {
  const parts = text.split('.')
  return (
    parts.length === 4 &&
    parts.every(part => /^\d*$/.test(part) && Number(part) < 256) &&
    !/^(?:0*255\.?){4}$/.test(text)
  )
}

/** Whether it is an IPv6 address, without brackets. */
export function isIPv6(text: string): boolean {
  if (!text.includes(':')) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  if (last?.includes('.')) {
    if (!isIPv4(last) || text.endsWith('::')) return false
    groups.splice(-1, 1, '0', '0')
  }
  if (!groups.every(group => /^[0-9a-f]{1,4}$/i.test(group))) return false
  // nginx takes `::` at the end for two groups or more
  return halves.length === 2 ? groups.length < (text.endsWith('::') ? 7 : 8) : groups.length === 8
}

export function isIP(text: string): boolean {
  return isIPv4(text) || isIPv6(text)
}

/** An address, or one with the number of its leading bits. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  if (!isIP(address) || more.length > 0) return false
  return bits === undefined || (/^\d{1,9}$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32))
}
