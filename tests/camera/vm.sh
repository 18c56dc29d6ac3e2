#!/usr/bin/env bash
# vm.sh PYTHON: tests/camera/inside.py in a virtual machine with two real V4L2 nodes. Needs root, Debian, x86-64.
# It boots Debian's kernel on this machine's own files, read-only under a layer in memory. Two to four minutes.
set -euo pipefail
PYTHON=$(realpath -s "$1")
ROOT=$(realpath "$(dirname "$0")/../..")
WORK=${CAMERA_VM:-/tmp/edge-classifier-vm}
mkdir -p "$WORK" && cd "$WORK"

if [ ! -e ready ]; then
  echo "setting up $WORK (once)" >&2
  apt-get -qq update
  # Whatever kernel this release has today.
  KERNEL=$(apt-cache depends linux-image-amd64 | awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ {print $2; exit}')
  VERSION=${KERNEL#linux-image-}
  apt-get -qq install -y --no-install-recommends qemu-system-x86 cpio kmod busybox-static gcc make \
    "linux-headers-$VERSION" > apt.log 2>&1
  rm -rf -- kernel loopback initrd ./*.deb
  apt-get -qq download "$KERNEL" v4l2loopback-dkms 2> /dev/null
  dpkg -x linux-image*.deb kernel
  dpkg -x v4l2loopback*.deb loopback
  make -s -C "/usr/src/linux-headers-$VERSION" M="$(echo "$WORK"/loopback/usr/src/v4l2loopback-*)" modules > make.log 2>&1
  mkdir -p "kernel/lib/modules/$VERSION/extra" initrd/{bin,m,proc,sys,dev,host,layer,new}
  cp loopback/usr/src/*/v4l2loopback.ko "kernel/lib/modules/$VERSION/extra/"
  depmod -b kernel "$VERSION"
  cp "$(command -v busybox)" initrd/bin/busybox
  number=100
  for module in virtio_pci 9pnet_virtio 9p overlay vivid v4l2loopback; do
    modprobe -d kernel -S "$VERSION" --show-depends $module | awk '$1 == "insmod" {print $2}'
  done | awk '!seen[$0]++' | while read -r file; do
    number=$((number + 1)) && cp "$file" "initrd/m/$number-$(basename "$file")"
  done
  cat > initrd/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for file in /m/*.ko; do
  case $file in
    *vivid*) insmod $file n_devs=1 node_types=0x1 allocators=0 ;;
    *loopback*) insmod $file devices=1 video_nr=5 exclusive_caps=0 max_buffers=2 ;;
    *) insmod $file ;;
  esac || echo "FAILED $file"
done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /host || poweroff -f
mount -t tmpfs layer /layer; mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work new /new
mount -t proc proc /new/proc; mount -t sysfs sys /new/sys; mount --bind /dev /new/dev
mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm; ip link set lo up
chroot /new /bin/sh $(sed -n 's/.*inside=\([^ ]*\).*/\1/p' /proc/cmdline)
echo "INSIDE=$?"
poweroff -f
INIT
  chmod +x initrd/init
  (cd initrd && find . | cpio -o -H newc --quiet | gzip -1) > initrd.gz
  cp kernel/boot/vmlinuz-* vmlinuz
  touch ready
fi

cat > inside.sh <<INSIDE
cd "$ROOT" && HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin PYTHONDONTWRITEBYTECODE=1 \
  exec "$PYTHON" -m pytest -s --durations=8 -p no:cacheprovider tests/camera/inside.py
INSIDE
timeout 600 qemu-system-x86_64 -M pc,accel=tcg -cpu max -smp 2 -m 2048 -nodefaults -no-reboot -display none \
  -serial stdio -kernel vmlinuz -initrd initrd.gz \
  -append "console=ttyS0 quiet panic=-1 loglevel=4 inside=$WORK/inside.sh" \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap < /dev/null | tee vm.log
grep -q '^INSIDE=0' vm.log
