# x264 with four threads on a generated clip.
packages="x264"
prepare() { perl -e 'binmode STDOUT; for $f (0..11) { for $y (0..143) { print pack("C*", map { ($_ * 3 + $y * 2 + $f * 5) & 255 } 0..175) } print chr(128) x (88 * 72 * 2) }' > clip.yuv; }
run() { x264 --quiet --threads 4 --input-res 176x144 --fps 25 -o out.264 clip.yuv 2> log; md5sum < out.264; }
