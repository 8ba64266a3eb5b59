/** What is said of a document that cannot be run; apart, because every command of the agent knows it. */

/** The document cannot be run: what is wrong with it, in lines for a terminal. */
export class DocumentProblems extends Error {
  override readonly name = 'DocumentProblems';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines[0]);
    this.lines = lines;
  }
}
