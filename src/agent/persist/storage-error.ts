export type StorageErrorCode =
  /** Another agent works on the same folder. */
  | 'IN_USE'
  /** Written by a version that stores in another way. */
  | 'NEWER_VERSION'
  /** Not a store of ours, or no longer whole. */
  | 'DAMAGED'
  | 'DISK_FULL'
  | 'READ_ONLY'
  | 'FAILED';

/** The state could not be opened or stored. The message names the folder and what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
