/** In which order the tables of a tenant are emptied: whoever refers to another one before it. Pure. */

/** A foreign key: rows of `from` refer to rows of `to`. */
export interface Reference {
  readonly from: string;
  readonly to: string;
}

/** `tables`, those that are referred to last; tables in a circle stay in the order given. */
export function deletionOrder(tables: readonly string[], references: readonly Reference[]): string[] {
  const left = new Set(tables);
  const order: string[] = [];
  while (left.size > 0) {
    const free = [...left].filter(
      (table) => !references.some(({ from, to }) => to === table && from !== to && left.has(from)),
    );
    for (const table of free.length > 0 ? free : left) {
      left.delete(table);
      order.push(table);
    }
  }
  return order;
}
