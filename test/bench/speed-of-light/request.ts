/** A row of `expunge_request`, as far as it matters here. */
export interface Request {
  readonly expunge_id: string;
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly subject_commitment: string;
  readonly sealed_recipient: string;
  participants: { name: string; outcome?: string; at?: string; stores?: object[] }[];
  state: string;
  certificate_id: string | null;
  certificate: string | null;
  completed_at: Date | null;
  email_id: string | null;
}
