/** In which order the tables of a backup are loaded: what is referred to before whoever refers to it. Pure. */

/** `tables`, those that are referred to first. A table may refer to itself. Throws when tables refer to each other in a circle. */
export function loadOrder<T extends { readonly name: string }>(
  tables: readonly T[],
  references: readonly { readonly from: string; readonly to: string }[],
): T[] {
  const left = new Map(tables.map((table) => [table.name, table]));
  const order: T[] = [];
  while (left.size > 0) {
    const free = [...left.values()].filter(
      ({ name }) => !references.some(({ from, to }) => from === name && to !== name && left.has(to)),
    );
    if (free.length === 0) throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(', ')}`);
    for (const table of free) {
      left.delete(table.name);
      order.push(table);
    }
  }
  return order;
}
