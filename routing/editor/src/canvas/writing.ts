/// Which note is being written in.

import { create } from "zustand";

export const useWriting = create<{ note: number | null }>()(() => ({ note: null }));
