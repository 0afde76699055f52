/**
 * Which password to offer while a role's password is being changed: its file and the server never change in the same
 * moment. Decides only; {@link poolWith} does the connecting.
 */
export class ChangingPassword {
  private accepted?: string;
  private refused?: string;

  constructor(private readonly file: () => string) {}

  /** What the file says; or what the server took last, when it has just refused what the file says. */
  next(): string {
    const said = this.file();
    return said === this.refused && this.accepted !== undefined ? this.accepted : said;
  }

  wasAccepted(password: string): void {
    this.accepted = password;
  }

  /** True when that is news. */
  wasRefused(password: string): boolean {
    const news = this.refused !== password;
    this.refused = password;
    return news;
  }

  /** A server that once let us in is waited for; one that never did may not be ours. */
  get everAccepted(): boolean {
    return this.accepted !== undefined;
  }
}
