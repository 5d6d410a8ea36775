/** The subject with some of its members replaced; its methods keep acting on itself. */
export function delegate<Subject extends object, Replaced extends object>(
  subject: Subject,
  replaced: Replaced,
): Subject & Replaced {
  return new Proxy(subject, {
    get: (target, name) => {
      if (name in replaced) return (replaced as Record<string | symbol, unknown>)[name]
      const own = Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  }) as Subject & Replaced
}
