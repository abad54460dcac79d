/** What a user may name as the other end of a dial. */
export type Target =
  | string
  | { readonly service: string; readonly datacenter?: string; readonly subset?: string }
  | { readonly query: string; readonly datacenter?: string }
  /** A known address and the SPIFFE ID that it must prove. */
  | { readonly address: string; readonly spiffeId: string };
