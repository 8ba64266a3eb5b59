/** Texts in which `*` stands for any characters. */

/** `*` stands for any characters, everything else for itself. */
export function urlPattern(text: string): RegExp {
  const parts = text.split(/\*+/).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
