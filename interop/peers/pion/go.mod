module ironrtc-pion-peer

go 1.19
