/** Shown while the first data of a page is on its way. */
export function Loading({ what }: { what: string }) {
  return (
    <p className="loading" role="status">
      {what} …
    </p>
  );
}
