#!/usr/bin/env bash
# Builds the fuzz targets for a cluster; fetches nothing. Reads CC, CXX, CFLAGS, LIB_FUZZING_ENGINE, SRC and WORK, and leaves in
# OUT for each target: fuzz_NAME, fuzz_NAME_seed_corpus.zip, fuzz_NAME.options and NAME.dict.
set -euo pipefail
source=${HYPNOTOAD_SOURCE:-$SRC/hypnotoad}
fuzz=$source/tests/fuzz
export CXXFLAGS=${CXXFLAGS-$CFLAGS}

# What the machine that runs a target may not have lies beside it.
cmake -S "$source" -B "$WORK/build" -G Ninja -DCMAKE_BUILD_TYPE=None -DTOAD_TESTS=ON -DTOAD_FUZZ=ON \
    -DTOAD_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DCMAKE_BUILD_RPATH="\$ORIGIN/lib" -DCMAKE_BUILD_WITH_INSTALL_RPATH=OFF
cmake --build "$WORK/build" --target fuzz_targets --parallel "$(nproc)"
mkdir -p "$OUT/lib"
while read -r name _; do
    cp "$WORK/build/tests/fuzz/fuzz_$name" "$OUT/"
    cp "$fuzz/dict/$name.dict" "$OUT/"
    sed '/^\[bounded\]/,$d' "$fuzz/options/$name.options" >"$OUT/fuzz_$name.options"
    rm -f "$OUT/fuzz_${name}_seed_corpus.zip"
    (cd "$fuzz/corpus/$name" && zip -q -r "$OUT/fuzz_${name}_seed_corpus.zip" .)
    ldd "$OUT/fuzz_$name" | awk -v out="$OUT" 'index($3, out) != 1 && $3 ~ /^\// && $1 !~ /^(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+)\.so/ { print $3 }' |
        xargs -r cp -L -t "$OUT/lib"
done <"$WORK/build/tests/fuzz/targets"
