/** The heading of a page; the browser's title says the same. */
import { useEffect } from 'react';

export function Title({ children }: { children: string }) {
  useEffect(() => {
    document.title = `${children} · Casare`;
  }, [children]);
  return <h1 tabIndex={-1}>{children}</h1>;
}
