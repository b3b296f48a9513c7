declare module "write-file-atomic" {
  export default function writeFileAtomic(
    path: string,
    data: string | Uint8Array,
    options?: { mode?: number },
  ): Promise<void>;
}
